"""Common given and family names in Swedish schools, of many origins, with å ä ö é.

Every letter exists in cp1252, because one knob of the simulator writes that encoding.
"""

_FEMALE = """
Alice Maja Vera Alma Selma Elsa Lilly Astrid Wilma Freja Olivia Ebba Saga Ines Klara Åsa Märta
Ellen Signe Stina Elin Tuva Juni Iris Agnes Molly Nova Ella Sigrid Moa Leah Emelie Linnéa Ylva
Zoë Amina Fatima Zahra Maryam Aisha Hawa Leyla Noor Rania Yasmin Sara Hanna Ayan Hodan Zeynep
Elif Defne Aleksandra Maja-Lena Anna-Karin Nadia Olena Daria Sofía Camila Thi Mai Linh Ximena
Helin Rojin Shirin Parisa Mariam Selam Rahel Eden Lovisa Tyra Hilda Edith Märit Göta Lykke
Jasmina Amela Ivana Milica Natalia Zuzanna Ronja Nellie Tilde Svea
"""

_MALE = """
Alice Maja Vera Alma Selma Elsa Lilly Astrid Wilma Freja Olivia Ebba Saga Ines Klara Åsa Märta
Ellen Signe Stina Elin Tuva Juni Iris Agnes Molly Nova Ella Sigrid Moa Leah Emelie Linnéa Ylva
Zoë Amina Fatima Zahra Maryam Aisha Hawa Leyla Noor Rania Yasmin Sara Hanna Ayan Hodan Zeynep
Elif Defne Aleksandra Maja-Lena Anna-Karin Nadia Olena Daria Sofía Camila Thi Mai Linh Ximena
Helin Rojin Shirin Parisa Mariam Selam Rahel Eden Lovisa Tyra Hilda Edith Märit Göta Lykke
Jasmina Amela Ivana Milica Natalia Zuzanna Ronja Nellie Tilde Svea
"""

_FAMILY = """
Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson
Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson
Lindström Lindqvist Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren Mattsson Lundqvist
Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin Engström Eklund Danielsson
Håkansson Lundin Björk Bergman Gunnarsson Holm Wikström Samuelsson Isaksson Fransson Bergqvist
Nyström Holmberg Arvidsson Löfgren Söderberg Nyberg Blomqvist Claesson Nordström Mårtensson
Lundström Ali Mohamed Ahmed Hassan Hussein Ibrahim Abdi Omar Osman Warsame Nur Yilmaz Kaya Demir
Çelik Aydin Aziz Khalil Haddad Mansour Rahimi Hosseini Karimi Ahmadi Rezai Tesfay Haile
Gebremedhin Kowalski Nowak Wisniewska Kovalenko Shevchenko Popovic Petrovic Hodzic Begovic
Krasniqi Gashi García Rodríguez González Muñoz Nguyen Tran Pham Chen Wang Singh Kaur Khan Öberg
Åberg Ågren Öhman Östlund Ängström Sjögren Åkesson Strömberg Hedlund Dahl Ek Norén Lindh-Öster
Dahlström Grönlund
"""

FEMALE = tuple(_FEMALE.split())
MALE = tuple(_MALE.split())
FAMILY = tuple(_FAMILY.split())
